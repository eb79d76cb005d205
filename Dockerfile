# Holdfast in a container: docs/containers.md says how to run it.
#
# The first stage builds, with what scripts/deps installs; the second has the
# programs, the libraries that they need and an init, and nothing else.

FROM debian:bookworm-slim AS build
WORKDIR /src
# Alone, so that a change of the sources does not install the packages again.
COPY scripts/deps scripts/deps
RUN scripts/deps
COPY . .
RUN make -j"$(nproc)" build && make install DESTDIR=/out PREFIX=/usr \
    && strip --strip-debug /out/usr/sbin/* /out/usr/bin/holdfast /out/usr/lib/libclusapi.so.0 \
    && rm -r /out/usr/lib/systemd /out/usr/lib/pkgconfig /out/usr/include /out/usr/lib/libclusapi.so \
    && install -D scripts/docker-entrypoint /out/usr/lib/holdfast/entrypoint
# libraft may come from another suite than the rest: the runtime stage takes the
# version that was built with, from the same lists.
RUN dpkg-query -W -f 'libraft0=${Version}\n' libraft0 >/libraft-version
# Where the engine keeps this stage as an image without a name: for which image it was.
ARG STAGE_OF=
LABEL holdfast.stage-of=$STAGE_OF

FROM debian:bookworm-slim
COPY --from=build /etc/apt/sources.list.d /etc/apt/sources.list.d
COPY --from=build /libraft-version /usr/share/holdfast/libraft-version
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
       libuv1 libmsgpackc2 libinih1 libjansson4 zlib1g tini $(cat /usr/share/holdfast/libraft-version) \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log
COPY --from=build /out /
# A fixed number, so that the owner of a folder given by `-v` can be named.
# /run/holdfast is everybody's, for `--user`. What lacks a library shows here.
RUN groupadd --gid 7400 holdfast \
    && useradd --uid 7400 --gid 7400 --home-dir /var/lib/holdfast --shell /usr/sbin/nologin holdfast \
    && install -d -o holdfast -g holdfast -m 750 /var/lib/holdfast \
    && install -d -o holdfast -g holdfast -m 1777 /run/holdfast \
    && holdfastd --version && holdfast --version && test -x /usr/sbin/holdfast-monitor \
    && ! ldd /usr/sbin/holdfastd /usr/sbin/holdfast-monitor /usr/bin/holdfast /usr/lib/libclusapi.so.0 \
       | grep 'not found'
VOLUME /var/lib/holdfast
EXPOSE 7400
# tini is PID 1: it passes SIGTERM on and reaps what outlives its parent, as a
# monitor does that outlived its daemon. The entrypoint gives root up.
ENTRYPOINT ["/usr/bin/tini", "-s", "--", "/usr/lib/holdfast/entrypoint"]
STOPSIGNAL SIGTERM
# Healthy: this node answers, and reaches a quorum. The read is small and rides on
# a commit that is made anyway; what costs is the engine's way of running it.
HEALTHCHECK --interval=30s --timeout=5s --retries=3 \
    CMD ["holdfast", "--timeout", "4", "cluster", "get"]
