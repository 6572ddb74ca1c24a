// Gocheck checks a FairTicket log with Go's own verifiers, golang.org/x/mod/sumdb/{note,tlog}:
// the head's signature, every tile against it, every entry's proof, and that it extends another
// head. Nothing here hashes or compares; that is left to the library.
//
//	gocheck FOLDER CHECKPOINT LOG-KEY [-extends CHECKPOINT] [-proof PROOF ENTRY] [-witness KEY]...
//
// Paths but FOLDER are of single files. It prints what it checked, and exits with 1 at a fault.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if len(os.Args) < 4 {
		fail("usage: gocheck FOLDER CHECKPOINT LOG-KEY [-extends FILE] [-proof FILE ENTRY] [-witness KEY]")
	}
	folder, rest := os.Args[1], os.Args[4:]
	key, err := note.NewVerifier(os.Args[3])
	must(err)
	known := []note.Verifier{key}
	var older, proof, entry string
	for len(rest) > 1 {
		switch rest[0] {
		case "-extends":
			older, rest = rest[1], rest[2:]
		case "-proof":
			proof, entry, rest = rest[1], rest[2], rest[3:]
		case "-witness":
			known, rest = append(known, newWitness(rest[1])), rest[2:]
		default:
			fail("unknown: " + rest[0])
		}
	}
	verifiers := note.VerifierList(known...)
	head := open(read(os.Args[2]), key.Name(), verifiers, len(known))
	hashes := tlog.TileHashReader(head, tiles(folder))
	checkEntries(folder, head, hashes)
	if older != "" {
		before := open(read(older), key.Name(), note.VerifierList(key), 1)
		steps, err := tlog.ProveTree(head.N, before.N, hashes)
		must(err)
		must(tlog.CheckTree(steps, head.N, head.Hash, before.N, before.Hash))
		fmt.Printf("extends %d\n", before.N)
	}
	if proof != "" {
		checkProof(string(read(proof)), read(entry), key.Name(), verifiers, len(known))
	}
}

// open returns the head of a signed note on which every one of the keys must have signed.
func open(text []byte, origin string, verifiers note.Verifiers, signers int) tlog.Tree {
	opened, err := note.Open(text, verifiers)
	must(err)
	if len(opened.Sigs) != signers {
		fail(fmt.Sprintf("%d of %d keys have signed", len(opened.Sigs), signers))
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != origin {
		fail("the note is not a checkpoint of " + origin)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	fmt.Printf("signed by %d: %s, %d entries\n", signers, origin, size)
	return tlog.Tree{N: size, Hash: root}
}

// checkEntries proves every published entry to be in the tree.
func checkEntries(folder string, head tlog.Tree, hashes tlog.HashReader) {
	for index := int64(0); index < head.N; {
		width := head.N - index
		if width > 256 {
			width = 256
		}
		bundle := read(existing(folder, "entries", index/256, int(width)))
		for n := int64(0); n < width; n++ {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				fail("a bundle is cut")
			}
			length := int(binary.BigEndian.Uint16(bundle))
			steps, err := tlog.ProveRecord(head.N, index, hashes)
			must(err)
			must(tlog.CheckRecord(steps, head.N, head.Hash, index, tlog.RecordHash(bundle[2:2+length])))
			bundle = bundle[2+length:]
			index++
		}
	}
	fmt.Printf("entries %d\n", head.N)
}

// checkProof checks a file of c2sp.org/tlog-proof@v1 with the entry that it is about.
func checkProof(text string, entry []byte, origin string, verifiers note.Verifiers, signers int) {
	parts := strings.SplitN(text, "\n\n", 2)
	lines := strings.Split(parts[0], "\n")
	if len(parts) != 2 || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		fail("not a tlog-proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	must(err)
	steps := tlog.RecordProof{}
	for _, line := range lines[2:] {
		step, err := tlog.ParseHash(line)
		must(err)
		steps = append(steps, step)
	}
	head := open([]byte(parts[1]), origin, verifiers, signers)
	must(tlog.CheckRecord(steps, head.N, head.Hash, index, tlog.RecordHash(entry)))
	fmt.Printf("proved %d\n", index)
}

// tiles reads the hashes of a folder of c2sp.org/tlog-tiles for tlog.TileHashReader.
type tiles string

func (folder tiles) Height() int                     { return 8 }
func (folder tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (folder tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		data := read(existing(string(folder), strconv.Itoa(tile.L), tile.N, tile.W))
		if len(data) < tile.W*tlog.HashSize {
			return nil, fmt.Errorf("tile %v is cut", tile)
		}
		found = append(found, data[:tile.W*tlog.HashSize])
	}
	return found, nil
}

// existing returns where a tile is: a partial one goes when the full one is there.
func existing(folder, level string, number int64, width int) string {
	name := fmt.Sprintf("%03d", number%1000)
	for number >= 1000 {
		number /= 1000
		name = fmt.Sprintf("x%03d/%s", number%1000, name)
	}
	full := filepath.Join(folder, "tile", level, name)
	partial := fmt.Sprintf("%s.p/%d", full, width)
	if _, err := os.Stat(partial); width < 256 && err == nil {
		return partial
	}
	return full
}

// witness checks Ed25519 cosignatures (c2sp.org/tlog-cosignature), which the library leaves open.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newWitness(vkey string) note.Verifier {
	parts := strings.SplitN(vkey, "+", 3)
	data, err := base64.StdEncoding.DecodeString(parts[2])
	must(err)
	if len(data) != 33 || data[0] != 4 {
		fail("not a witness's key: " + vkey)
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), data...))
	return witness{parts[0], binary.BigEndian.Uint32(sum[:]), data[1:]}
}

func (w witness) Name() string    { return w.name }
func (w witness) KeyHash() uint32 { return w.hash }

func (w witness) Verify(text, signature []byte) bool {
	if len(signature) != 72 {
		return false
	}
	seen := binary.BigEndian.Uint64(signature)
	message := append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", seen)), text...)
	return ed25519.Verify(w.key, message, signature[8:])
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	must(err)
	return data
}

func must(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, "gocheck:", why)
	os.Exit(1)
}
