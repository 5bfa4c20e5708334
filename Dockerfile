# syntax=docker/dockerfile:1
# Builds the console, removes the dev dependencies, and copies only the rest into the final image.

FROM node:26-slim AS build
WORKDIR /build
COPY . .
# Installs the dev dependencies to build the console, and then removes them. Node's headers are removed because there are no
# native modules to compile.
RUN npm ci \
  && npm prune --omit=dev --ignore-scripts \
  && rm -rf node_modules/node-*/include node_modules/node-*/share

FROM debian:bookworm-slim
# A library that Node is linked against and this image lacks.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends libatomic1 \
  && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 hookswitch \
  && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin hookswitch \
  && install --directory --owner=10001 --group=10001 --mode=0700 /data
WORKDIR /app
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/packages/protocol packages/protocol
COPY --from=build /build/packages/simulator packages/simulator
COPY --from=build /build/packages/console/dist packages/console/dist
COPY --from=build /build/package.json package.json
COPY --from=build /build/bin bin
COPY --from=build /build/src src
# The Node version of package-lock.json, which all tests run on.
ENV PATH=/app/node_modules/.bin:$PATH \
  NODE_ENV=production \
  DATABASE_URL=file:/data/hookswitch.db
USER 10001:10001
VOLUME /data
EXPOSE 8081
# Checks liveness instead of readiness, because a gateway without its database recovers by itself. A restart would only
# close its sessions.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 8081}/healthz`).then(({ok}) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "bin/hookswitch.js"]
CMD ["start"]
