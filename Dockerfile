# One small image for arm64 boards and amd64 machines: docker buildx build --platform linux/arm64,linux/amd64 .
# docs/docker.md says how to run it, who may use it, and which devices a board's NPU needs.

# Everything but the last stage runs on the machine that builds, whatever it builds for; npm brings the pinned Bun.
FROM --platform=$BUILDPLATFORM node:22-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json bun.lock bunfig.toml .npmrc ./
RUN npm install

# docker build --target development: the sources and every tool; mount a working copy over /app/src and /app/tests.
FROM dependencies AS development
COPY . .
EXPOSE 8080 11434
# For one developer: publish the port on 127.0.0.1 alone.
CMD ["npm", "start", "--", "--host", "0.0.0.0", "--insecure"]

FROM dependencies AS build
ARG TARGETARCH
COPY . .
RUN node_modules/.bin/bun config/deploy/build.ts "$TARGETARCH" \
    && mv dist/rockchip-llama-linux-* dist/rockchip-llama

FROM debian:12-slim AS runtime
# libgomp1 is what Rockchip's librkllmrt.so needs, libstdc++6 what it and the llama.cpp libraries need.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 libstdc++6 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system render \
    && useradd --system --uid 10001 --groups render,video --home-dir /cache --shell /usr/sbin/nologin rockchip-llama \
    && install --directory --owner=rockchip-llama /models /cache /data
COPY --from=build /app/dist/rockchip-llama /usr/local/bin/rockchip-llama
COPY --from=build /app/dist/LICENSE /app/dist/NOTICE /app/dist/THIRD_PARTY_LICENSES.txt /usr/share/doc/rockchip-llama/
ENV ROCKCHIP_LLAMA_HOST=0.0.0.0 \
    ROCKCHIP_LLAMA_PORT=8080 \
    ROCKCHIP_LLAMA_MODELS_DIR=/models \
    ROCKCHIP_LLAMA_CACHE_DIR=/cache \
    ROCKCHIP_LLAMA_KEYS_FILE=/data/keys.json
USER 10001
WORKDIR /cache
VOLUME ["/models", "/cache", "/data"]
EXPOSE 8080
# The executable is its own health check: with BUN_BE_BUN it is Bun, which can fetch; the image needs no curl.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
    CMD ["env", "BUN_BE_BUN=1", "rockchip-llama", "--eval", "const { ok } = await fetch(`http://127.0.0.1:${process.env.ROCKCHIP_LLAMA_PORT}/health`); process.exit(ok ? 0 : 1)"]
ENTRYPOINT ["rockchip-llama"]
CMD ["serve"]
