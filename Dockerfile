# A server for a group (docs/server.md): the CPU's image, or with `--build-arg EXTRAS=torch,fast,server` CUDA's too.
FROM python:3.12-slim

ARG EXTRAS=fast,server
COPY . /src
RUN pip install --no-cache-dir "/src[$EXTRAS]" && useradd --create-home unifiedvit \
    && install --directory --owner=unifiedvit /data

USER unifiedvit
ENV UNIFIEDVIT_SERVER_KEYS=/data/keys.json UNIFIEDVIT_MODELS=/data/models
VOLUME /data
EXPOSE 8765
ENTRYPOINT ["unifiedvit", "serve"]
CMD ["--host", "0.0.0.0", "--certificate", "/data/server.pem", "--private-key", "/data/server.key"]
