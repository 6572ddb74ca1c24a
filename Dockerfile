# One image for every process: what it is, is the command it is started with.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements/runtime.txt requirements/runtime.txt
RUN python -m venv /opt/fairticket && \
    /opt/fairticket/bin/pip install --no-cache-dir --require-hashes -r requirements/runtime.txt
COPY . .
RUN python -m venv /opt/build && /opt/build/bin/pip install --no-cache-dir build==1.3.0 && \
    /opt/build/bin/python -m build --wheel --outdir /dist && \
    /opt/fairticket/bin/pip install --no-cache-dir --no-deps /dist/*.whl

FROM python:3.13-slim
COPY --from=build /opt/fairticket /opt/fairticket
RUN useradd --uid 10001 --create-home fairticket && \
    install -d -o fairticket -g fairticket /var/lib/fairticket /var/lib/fairticket/ledger
ENV PATH=/opt/fairticket/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /var/lib/fairticket
ENTRYPOINT ["fairticket"]
CMD ["--help"]
