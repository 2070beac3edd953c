# The image: the built program, its production dependencies and an init process; it writes nowhere but to /data.
ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM ${BASE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -m 1777 /data
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY schema schema

# Any user id may run this image (docker run --user): /data is sticky and open to all, the folder made in it is private (0700).
ENV NODE_ENV=production REGISTRY_AUTH_DATA=/data/registry-auth
# Inside a container only its own loopback interface is 127.0.0.1; whoever publishes the ports decides who reaches them.
ENV REGISTRY_AUTH_ADDR=:5001 REGISTRY_AUTH_REGISTRY_ADDR=:5000
VOLUME /data
EXPOSE 5000 5001
USER 1000:1000

# Node must not be process 1: it would neither reap orphans nor die of a signal it has no handler for.
ENTRYPOINT ["/usr/bin/tini", "--", "node", "/app/dist/main.js"]
