# The relay alone. Runs as an unprivileged user; all state is in /data.
FROM python:3.12-slim AS build
RUN pip install --no-cache-dir uv
WORKDIR /src
COPY . .
# compiled here: the relay's user may not write beside its sources, and would compile them at every start
RUN uv venv /venv && UV_COMPILE_BYTECODE=1 VIRTUAL_ENV=/venv uv sync --locked --no-dev --no-editable --active && /venv/bin/python -m ecg.kernels

FROM python:3.12-slim
RUN useradd --uid 10119 --create-home kyumei && mkdir /data && chown kyumei /data
COPY --from=build /venv /venv
USER kyumei
ENV PATH=/venv/bin:$PATH KYUMEI_DATA_DIR=/data
VOLUME /data
EXPOSE 8119
HEALTHCHECK CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8119/readyz', timeout=3)"
CMD ["kyumei", "serve", "--host", "0.0.0.0", "--port", "8119", "--data", "/data"]
