# The coordinator alone: `docker run IMAGE serve --redis-url redis://…`. It has
# no Redis inside, so `serve --dev` does not work here. BASE: any image with
# Node >= 20.19 and npm, for both stages.
ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
RUN node scripts/ensure.mjs --build \
 && find dist -name '*.d.ts' -delete \
 && npm prune --omit=dev --ignore-scripts

FROM ${BASE}
# Loopback, the default, is out of reach from outside of a container.
ENV NODE_ENV=production ACTOR_WORKFLOW_LISTEN=0.0.0.0:7070
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE* ./
COPY proto ./proto
# Numeric, so that Kubernetes' runAsNonRoot can tell. The process writes no file.
USER 65532:65532
EXPOSE 7070
ENTRYPOINT ["node", "dist/main.js"]
CMD ["serve"]
