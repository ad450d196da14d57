/** HTTP to the relay or the tablet's own process. Every failure becomes one sentence for a person. */

import { knows, lang, t } from "/static/kit/shared/i18n.js";

/** What went wrong, in one sentence; `status` 0 means that nobody answered. */
export class ApiError extends Error {
  /** @param {number} status @param {string} code @param {string} text */
  constructor(status, code, text) {
    super(text);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }
}

/** The sentence for "nobody answered", set by the page in its language. */
export const sentences = {
  offline: "サーバーに接続できません。通信を確認してください。",
  unreadable: "サーバーの応答を読めません。",
};

const TIMEOUT_MS = 10_000;

/** Given up after so long: Safari 15 has no `AbortSignal.timeout`. @param {number} ms */
export const within = (ms) => {
  const given = new AbortController();
  setTimeout(() => given.abort(), ms);
  return given.signal;
};

/**
 * @param {string} method @param {string} path @param {unknown} [body]
 * @returns {Promise<Response>}
 */
async function call(method, path, body) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-Kyumei"] = "1";
  const blob = body instanceof Blob;
  if (body !== undefined) headers["Content-Type"] = blob ? body.type : "application/json";
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      cache: "no-store",
      signal: within(TIMEOUT_MS),
      ...(body === undefined ? {} : { body: blob ? body : JSON.stringify(body) }),
    });
  } catch {
    throw new ApiError(0, "offline", sentences.offline);
  }
  if (!answer.ok) throw await problem(answer, `${method} ${path}`);
  return answer;
}

/** The sentence of a problem+json answer. @param {Response} answer @param {string} asked */
async function problem(answer, asked) {
  try {
    const body = await answer.json();
    const code = String(body.code ?? "http");
    const told = body[`words_${lang()}`];
    if (told) return new ApiError(answer.status, code, String(told));
    return new ApiError(answer.status, code, words(code, String(body.title ?? sentences.unreadable), asked));
  } catch {
    return new ApiError(answer.status, "http", `${sentences.unreadable} (${answer.status})`);
  }
}

/**
 * The relay speaks English: where the page is Japanese and knows the code, the page's own words.
 * @param {string} code
 * @param {string} title
 * @param {string} asked
 */
function words(code, title, asked) {
  const key = asked === "POST /api/session" && code === "not-signed-in" ? "problem.wrong-password" : `problem.${code}`;
  return lang() === "en" || /[\u3040-\u30ff\u4e00-\u9fff]/.test(title) || !knows(key) ? title : t(key);
}

/** @param {Response} answer */
async function json(answer) {
  if (answer.status === 204) return null;
  try {
    return await answer.json();
  } catch {
    throw new ApiError(answer.status, "unreadable", sentences.unreadable);
  }
}

/** @param {string} path @returns {Promise<any>} */
export const get = async (path) => json(await call("GET", path));

/** A file as it is, its type in the header. @param {string} path @param {Blob} body @returns {Promise<any>} */
export const postBlob = async (path, body) => json(await call("POST", path, body));

/** @param {string} path @param {unknown} body @returns {Promise<any>} */
export const post = async (path, body) => json(await call("POST", path, body));

/** @param {string} path @returns {Promise<any>} */
export const del = async (path) => json(await call("DELETE", path));

/**
 * @param {string} path
 * @returns {Promise<{data: ArrayBuffer, headers: Headers}>}
 */
export async function bytes(path) {
  const answer = await call("GET", path);
  try {
    return { data: await answer.arrayBuffer(), headers: answer.headers };
  } catch {
    throw new ApiError(0, "offline", sentences.offline);
  }
}
