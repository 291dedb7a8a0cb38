# The suite as an image: docker build -t conformance . && docker run --rm -e CONFORMANCE_API_KEY -v "$PWD/reports:/data/reports" conformance run --base-url …
FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY openapi openapi
COPY conformance conformance
RUN python3 -m venv /opt/conformance && /opt/conformance/bin/python -m pip install --no-cache-dir --disable-pip-version-check .

FROM python:3.13-slim
COPY --from=build /opt/conformance /opt/conformance
# Reports go to a volume that is mounted at /data/reports; whoever mounts one runs the container with --user "$(id -u)".
RUN useradd --uid 10001 --create-home conformance && install --directory --mode 1777 /data /data/reports
ENV PATH=/opt/conformance/bin:$PATH
USER 10001
WORKDIR /data
ENTRYPOINT ["conformance"]
CMD ["run"]
