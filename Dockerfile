# syntax=docker/dockerfile:1
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=docker
RUN make build VERSION=$VERSION && mkdir -p /out/data && cp bin/aiproxy /out/

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/aiproxy /aiproxy
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
ENV AIPROXY_DATA_DIR=/data
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s CMD ["/aiproxy", "healthcheck"]
ENTRYPOINT ["/aiproxy"]
