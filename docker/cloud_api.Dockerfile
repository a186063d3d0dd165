# The alert and case API.
# Build from the repository root: docker build -f docker/cloud_api.Dockerfile -t cityloop-cloud-api .

FROM python:3.11-slim-bookworm AS build
WORKDIR /src
# Only what this role needs: no other part's code gets into the image.
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY contracts contracts
COPY runtime runtime
COPY rules rules
COPY cloud_api cloud_api
# Trials of rules and zones run the code of gateways and boxes beside the API.
COPY gateway gateway
COPY edge edge
COPY cityloop cityloop
RUN python -m venv /opt/cityloop/venv \
    && /opt/cityloop/venv/bin/pip install --no-cache-dir --disable-pip-version-check \
        --constraint constraints.txt '.[cloud,gateway,grid]'

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="cityloop cloud_api" \
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
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "/opt/cityloop/healthy_http.py", "http://127.0.0.1:8080/healthz"]
# Not the console script: it would need packages that this image does not have.
ENTRYPOINT ["python", "-m", "cloud_api"]
CMD ["serve", "--config", "/etc/cityloop/cloud_api.yaml"]
