// What a page's worker is told of the machine and the language: the same as the page, in a browser as it is made.
"use strict";
postMessage([navigator.platform || "", navigator.language || ""]);
