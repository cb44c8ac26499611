"""What a server answers to which request. Annotations are evaluated here, as FastAPI reads them."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import __version__
from ...errors import OutputError, ServerError, UnifiedViTError, WorkerError
from ...spec import SPEC_FILE, ModelSpec
from ...versions import software_versions
from ..worker.protocol import error_as_json
from .devices import array_file
from .jobs import DONE, FAILED, JobQueue, ServedJob
from .keys import Keys
from .limits import Refusal
from .page import FILE_HEADERS, add_page
from .uploads import parse_file_job
from .wire import ModelIdentity, Options, check_options, identity, malformed, parse_job, parse_rank_job, read_json

if TYPE_CHECKING:
    from fastapi import FastAPI

#: Bytes of a request that is JSON.
_JSON_BYTES = 1 << 20
#: Seconds between two looks at a job, and between two signs of life where nothing is new.
_TICK_S, _BEAT_S = 0.05, 1.0
_BLOCK = 1 << 18
#: Of files of a result by their endings.
_MEDIA_TYPES = {"json": "application/json", "html": "text/html; charset=utf-8", "png": "image/png"}


def make_app(queue: JobQueue, keys: Keys, healthy: Callable[[], bool]) -> "FastAPI":
    """The server's application.

    Args:
        queue: of its jobs.
        keys: of those who may ask.
        healthy: whether all devices are at work.
    """
    from fastapi import Depends, FastAPI, Request
    from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
    from starlette.requests import ClientDisconnect

    app = FastAPI(title="UnifiedViT", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    limits = queue.limits
    software = software_versions()
    models = [_offer(spec) for spec, _ in queue.models.values()]

    @app.exception_handler(Refusal)
    async def decline(request: Request, refusal: Refusal) -> JSONResponse:
        return JSONResponse(error_as_json(refusal.error), refusal.status, dict(refusal.headers))

    @app.exception_handler(UnifiedViTError)
    async def fail(request: Request, error: UnifiedViTError) -> JSONResponse:
        status = 507 if isinstance(error, OutputError) else 500 if isinstance(error, WorkerError) else 422
        return JSONResponse(error_as_json(error), status)

    def authorise(request: Request) -> str:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        challenge = {"WWW-Authenticate": "Bearer"}
        if scheme.lower() != "bearer" or not key:
            raise Refusal(401, ServerError("The server needs a key, and none was sent."), challenge)
        owner = keys.owner(key.strip())
        if owner is None:
            raise Refusal(401, ServerError("The server does not know this key."), challenge)
        return owner

    def find(job_id: str, owner: str = Depends(authorise)) -> ServedJob:
        return queue.find(owner, job_id)

    async def read(request: Request) -> AsyncIterator[bytes]:
        stream = request.stream()
        while True:
            try:
                yield await asyncio.wait_for(anext(stream), limits.idle_s)
            except StopAsyncIteration:
                return
            except asyncio.TimeoutError:
                raise Refusal(408, ServerError("Nothing came for too long. Run again."),
                              {"Connection": "close"}) from None

    async def read_object(request: Request) -> Any:
        body = bytearray()
        async for chunk in read(request):
            body += chunk
            if len(body) > _JSON_BYTES:
                raise Refusal(413, malformed("there is too much of it"), {"Connection": "close"})
        try:
            return read_json(bytes(body))
        except ValueError as error:
            raise malformed(str(error)) from error

    @app.get("/healthz")
    def health() -> JSONResponse:
        return JSONResponse({"status": "ok"}) if healthy() else JSONResponse({"status": "a device has ended"}, 503)

    @app.get("/v1/handshake")
    def handshake(owner: str = Depends(authorise)) -> JSONResponse:
        return JSONResponse({"version": __version__, "software": software, "volume_bytes": limits.volume_bytes})

    @app.get("/v1/models")
    def list_models(owner: str = Depends(authorise)) -> JSONResponse:
        return JSONResponse({"models": models})

    @app.post("/v1/check", status_code=204)
    async def check(request: Request, owner: str = Depends(authorise)) -> Response:
        data = await read_object(request)
        try:
            model, options = ModelIdentity.from_dict(data["model"]), Options.from_dict(data["options"])
        except (KeyError, TypeError, ValueError) as error:
            raise malformed(str(error)) from error
        check_options(options)
        await asyncio.to_thread(queue.check, model, options)
        return Response(status_code=204)

    @app.post("/v1/jobs")
    async def begin(request: Request, owner: str = Depends(authorise)) -> JSONResponse:
        job = await asyncio.to_thread(queue.begin, owner, parse_job(await read_object(request)))
        return JSONResponse({"id": job.id}, 201)

    @app.post("/v1/rankings")
    async def begin_ranking(request: Request, owner: str = Depends(authorise)) -> JSONResponse:
        job = await asyncio.to_thread(queue.begin, owner, parse_rank_job(await read_object(request)))
        return JSONResponse({"id": job.id}, 201)

    @app.post("/v1/files")
    async def begin_files(request: Request, owner: str = Depends(authorise)) -> JSONResponse:
        job = await asyncio.to_thread(queue.begin, owner, parse_file_job(await read_object(request)))
        return JSONResponse({"id": job.id}, 201)

    @app.put("/v1/jobs/{job_id}/volumes/{number}", status_code=204)
    @app.put("/v1/jobs/{job_id}/files/{number}", status_code=204)
    async def receive(number: int, request: Request, job: ServedJob = Depends(find)) -> Response:
        try:
            if number in job.received:  # and the answer to that was lost
                async for _ in read(request):
                    job.touch()
                return Response(status_code=204)
            with queue.receiving(job, number) as taken:
                async for chunk in read(request):
                    job.touch()
                    if job.cancelled.is_set():
                        raise Refusal(409, ServerError("The run was cancelled."), {"Connection": "close"})
                    await asyncio.to_thread(taken.feed, chunk)
        except ClientDisconnect:  # it may send it once more, until its lease ends
            pass
        return Response(status_code=204)

    @app.get("/v1/jobs/{job_id}")
    def status(job: ServedJob = Depends(find)) -> JSONResponse:
        return JSONResponse(queue.status(job))

    @app.get("/v1/jobs/{job_id}/events")
    async def events(job: ServedJob = Depends(find)) -> StreamingResponse:
        return StreamingResponse(_events(queue, job), media_type="text/event-stream",
                                 headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})

    def finished(job: ServedJob = Depends(find)) -> ServedJob:
        if job.state == FAILED and job.error:
            raise job.error
        if job.state != DONE:
            raise Refusal(409, ServerError("The run has not ended. Wait until it has."))
        return job

    @app.get("/v1/jobs/{job_id}/result")
    def result(job: ServedJob = Depends(finished)) -> JSONResponse:
        if not job.result:
            raise Refusal(404, ServerError("The run was of files, whose result is in files."))
        return JSONResponse(job.result)

    @app.get("/v1/jobs/{job_id}/arrays/{number}")
    async def array(number: int, job: ServedJob = Depends(finished)) -> StreamingResponse:
        if not job.result or not 0 <= number < len(job.result["arrays"]):
            raise Refusal(404, ServerError("The result has no such array."))
        return StreamingResponse(_blocks(job, job.folder / array_file(number)), media_type="application/zlib")

    @app.get("/v1/jobs/{job_id}/result.{ending}")
    def result_file(ending: str, job: ServedJob = Depends(finished)) -> FileResponse:
        file = job.files.get(f".{ending}")
        if file is None:
            raise Refusal(404, ServerError("The result has no such file."))
        return FileResponse(file, media_type=_MEDIA_TYPES.get(ending, "application/octet-stream"), filename=file.name,
                            headers=FILE_HEADERS)

    @app.delete("/v1/jobs/{job_id}", status_code=204)
    def cancel(job: ServedJob = Depends(find)) -> Response:
        queue.remove(job, "fetched" if job.state == DONE else "ended by its client")
        return Response(status_code=204)

    add_page(app)
    return app


def _offer(spec: ModelSpec) -> dict[str, Any]:
    """A model as it is listed: its description, and which it is to the last bit."""
    return {"description": read_json((spec.folder / SPEC_FILE).read_bytes()), "identity": identity(spec).to_dict()}


async def _events(queue: JobQueue, job: ServedJob) -> AsyncIterator[bytes]:
    """How far a job is, as server-sent events, whenever that changes; and a sign of life each second."""
    end = time.monotonic() + queue.limits.stream_s
    last, told = None, 0.0
    while True:
        job.touch()
        now, status = time.monotonic(), queue.status(job)
        if status != last:
            last, told = status, now
            yield b"data: " + json.dumps(status).encode("ascii") + b"\n\n"
        elif now - told > _BEAT_S:
            told = now
            yield b": still there\n\n"
        if job.state in (DONE, FAILED) or job.cancelled.is_set() or now > end:
            return
        await asyncio.sleep(_TICK_S)


async def _blocks(job: ServedJob, path: Path) -> AsyncIterator[bytes]:
    """A file, whose reader is there for as long as it reads."""
    with suppress(FileNotFoundError), open(path, "rb") as file:
        while block := await asyncio.to_thread(file.read, _BLOCK):
            job.touch()
            yield block
