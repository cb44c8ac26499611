// What the server is asked. A refusal becomes a Refused with the server's own sentence; nothing here touches the page.

const RETRIES = 4;
const PAUSE_MS = 500;
const LONGEST_PAUSE_S = 30;
const BUSY = [502, 503, 504];

/** A refusal in a sentence; `status` is HTTP's, 0 where there was no answer. Where one of several DICOM series is to be
    chosen, `several` has the channel of the image and `[UID, words]` of each series. */
export class Refused extends Error {
  constructor(sentence, status) {
    super(sentence);
    this.status = status;
  }
}

/** For `signal.aborted`: the user has cancelled. */
export class Cancelled extends Error {}

const gone = () => new Refused(
  "The server cannot be reached: it was ended, or the network is cut. Nothing of the run is kept. Run again when it is "
  + "there.", 0);

function url(path) {
  return new URL(path, document.baseURI).href;
}

function pause(milliseconds, signal) {
  if (signal?.aborted) return Promise.reject(new Cancelled());
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => { clearTimeout(timer); reject(new Cancelled()); }, { once: true });
  });
}

/** The server's sentence in an answer that is a refusal. */
function refusal(status, text, retryAfter = null) {
  let sentence = "";
  try {
    const told = JSON.parse(text).text;
    sentence = typeof told === "string" ? told.slice(0, 2000) : "";
  } catch { /* of a proxy */ }
  if (status === 401 || status === 403) {
    sentence = "The server does not take this key. Check that it is whole and this server's; its administrator makes "
      + "another with unifiedvit serve --new-key NAME.";
  } else if (!sentence && status === 413) {
    sentence = "The file is too large for a proxy in front of the server. Ask its administrator.";
  } else if (!sentence) {
    sentence = `The server answered with status ${status} and no reason. Try again, or tell its administrator.`;
  }
  const error = new Refused(sentence, status);
  error.retryS = Math.min(LONGEST_PAUSE_S, Math.max(1, Number(retryAfter) || 1));
  return error;
}

/** Why a run failed. */
function failure(told) {
  const error = new Refused(String(told?.text ?? "The run failed."), 422);
  if (Array.isArray(told?.series)) error.several = { channel: String(told.channel), found: told.series };
  return error;
}

/** A server with a key. */
export class Server {
  #key;

  constructor(key) {
    this.#key = key;
  }

  /** The answer to one request; asked again where a proxy has none, or the connection fails and `again` says so. */
  async #ask(method, path, { body, signal, again = true } = {}) {
    for (let failures = 0; ; failures++) {
      let error;
      try {
        const headers = { Authorization: `Bearer ${this.#key}` };
        if (body !== undefined) headers["Content-Type"] = "application/json";
        const answer = await fetch(url(path), {
          method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body),
          cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer",
        });
        if (answer.ok) return answer;
        error = refusal(answer.status, await answer.text(), answer.headers.get("Retry-After"));
        if (!BUSY.includes(answer.status)) throw error;
      } catch (problem) {
        if (signal?.aborted) throw new Cancelled();
        if (problem instanceof Refused) throw problem;
        error = gone();
      }
      if (!again || failures >= RETRIES) throw error;
      await pause(PAUSE_MS * 2 ** failures, signal);
    }
  }

  /** Version and limits, and the models: each `{description, identity}`. */
  async hello() {
    const [hello, listed] = await Promise.all(
      ["v1/handshake", "v1/models"].map(async (path) => (await this.#ask("GET", path, { again: false })).json()));
    return { ...hello, models: listed.models };
  }

  /** Begin a run; waits where the server is full. Gives the run's path. */
  async begin(job, waiting, signal) {
    for (;;) {
      try {
        const { id } = await (await this.#ask("POST", "v1/files", { body: job, signal })).json();
        return `v1/jobs/${encodeURIComponent(id)}`;
      } catch (error) {
        if (error.status !== 429) throw error;
        waiting(`${error.message} Asking again in ${error.retryS} s.`);
        await pause(1000 * error.retryS, signal);
      }
    }
  }

  /** Send a file as it is, once more where the connection ends; `told` gets the bytes that have gone. */
  async send(path, file, told, signal) {
    for (let failures = 0; ; failures++) {
      try {
        return await this.#put(path, file, told, signal);
      } catch (error) {
        if (failures >= RETRIES || ![0, 429, ...BUSY].includes(error.status)) throw error; // a Cancelled has no status
        await pause(PAUSE_MS * 2 ** failures, signal);
      }
    }
  }

  #put(path, file, told, signal) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest(); // fetch tells no progress of what is sent
      const stop = () => request.abort();
      request.open("PUT", url(path));
      request.setRequestHeader("Authorization", `Bearer ${this.#key}`);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.upload.onprogress = (event) => told(event.loaded);
      request.onload = () => (request.status < 300 ? resolve() : reject(refusal(request.status, request.responseText)));
      request.onerror = () => reject(gone());
      request.onabort = () => reject(new Cancelled());
      request.onloadend = () => signal.removeEventListener("abort", stop);
      if (signal.aborted) return reject(new Cancelled());
      signal.addEventListener("abort", stop);
      request.send(file);
    });
  }

  /** Wait until a run is done; `told` gets each state of it. Streams end now and then, and the next goes on. */
  async follow(path, told, signal) {
    for (let failures = 0; ;) {
      let state = "";
      const answer = await this.#ask("GET", `${path}/events`, { signal });
      try {
        for await (const status of events(answer.body)) {
          failures = 0;
          state = status.state;
          if (state === "failed") throw failure(status.error);
          told(status);
        }
      } catch (problem) {
        if (signal.aborted) throw new Cancelled();
        if (problem instanceof Refused) throw problem;
        state = "";
      }
      if (state === "done") return;
      if (!state && ++failures > RETRIES) throw gone();
      if (!state) await pause(PAUSE_MS, signal);
    }
  }

  /** A file of the result. */
  async file(path, ending, signal) {
    const answer = await this.#ask("GET", `${path}/result${ending}`, { signal });
    try {
      return await answer.blob();
    } catch {
      throw signal.aborted ? new Cancelled() : gone();
    }
  }

  /** The server may forget a run; it does so by itself where this does not arrive. */
  end(path) {
    fetch(url(path), { method: "DELETE", headers: { Authorization: `Bearer ${this.#key}` }, keepalive: true,
      credentials: "omit" }).catch(() => {});
  }
}

/** The states in a stream of server-sent events; EventSource could not send the key. */
async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (text + value).split("\n");
    text = lines.pop();
    for (const line of lines) if (line.startsWith("data:")) yield JSON.parse(line.slice(5));
  }
}
