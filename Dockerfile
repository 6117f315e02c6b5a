# The server, or any other command of segcanary: docker run segcanary score -d … . docs/deploy.md says how; `npm run check:image` runs these steps without an engine.

FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

FROM node:20-bookworm-slim AS modules
WORKDIR /app
# With .npmrc, which keeps onnxruntime-node from downloading GPU libraries.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund
# Binaries of other systems and processors, of other C libraries, of GPUs and of a bundler that NiiVue names; then what is only read by whoever writes or debugs code.
RUN find node_modules/onnxruntime-node/bin -mindepth 3 -maxdepth 3 ! -path "*/linux/$(node -p process.arch)" -exec rm -r {} +
RUN find node_modules/onnxruntime-node/bin -name 'libonnxruntime_providers_*' -delete
RUN rm -rf node_modules/@libsql/*-musl node_modules/@rollup
RUN find node_modules -type f '(' -name '*.map' -o -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' ')' -delete
# Volumes take the owner of the folder that they are mounted over.
RUN mkdir -p volumes/data volumes/spool

FROM node:20-bookworm-slim
ENV NODE_ENV=production
# Where scans are spooled while they are measured: a disk. A tmpfs would be memory.
ENV TMPDIR=/spool
WORKDIR /app
COPY --from=modules --chown=node:node /app/volumes/data /data
COPY --from=modules --chown=node:node /app/volumes/spool /spool
COPY --from=modules /app/node_modules node_modules
COPY package.json LICENSE ./
COPY assets assets
COPY --from=build /app/dist dist
USER node
VOLUME ["/data", "/spool"]
EXPOSE 8470
# Node is process 1 and takes SIGTERM itself: the server drains, and there are no children that anybody would have to bury.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["node", "-e", "fetch('http://127.0.0.1:8470/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8470", "--data", "/data", "--token-file", "/run/secrets/segcanary_token", "-d", "/detector"]
