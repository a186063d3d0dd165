# The message hub: nats-server with MQTT and JetStream, configured by cityloop.
# Build from the repository root: docker build -f docker/hub.Dockerfile -t cityloop-hub .

FROM python:3.11-slim-bookworm AS build
WORKDIR /src
# Only what this role needs: no other part's code gets into the image.
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY contracts contracts
COPY runtime runtime
COPY cityloop cityloop
RUN python -m venv /opt/cityloop/venv \
    && /opt/cityloop/venv/bin/pip install --no-cache-dir --disable-pip-version-check \
        --constraint constraints.txt '.[hub]'

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="cityloop hub" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/cityloop/venv /opt/cityloop/venv
COPY docker/healthy_http.py /opt/cityloop/healthy_http.py
# A plain user with a number, so that a cluster can see that it is not root.
RUN groupadd --gid 10001 cityloop \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/cityloop cityloop \
    && install -d -o 10001 -g 10001 /var/lib/cityloop
ENV PATH=/opt/cityloop/venv/bin:$PATH \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /var/lib/cityloop
VOLUME ["/var/lib/cityloop"]
EXPOSE 1883
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "/opt/cityloop/healthy_http.py", "http://127.0.0.1:8222/healthz"]
# Not the console script: it would need packages that this image does not have.
ENTRYPOINT ["python", "-m", "cityloop"]
CMD ["hub", "run", "--config", "/etc/cityloop/hub.yaml"]
