// The program inside the process of a Node.js function; it runs by itself, without any package.
//
// It loads the handler once and then answers one invocation after another. Messages are a length of 4 bytes and
// JSON, on the socket that the last argument names; the one before it says what to start with.

import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { pathToFileURL } from "node:url";
import util from "node:util";

const [order, descriptor] = process.argv.slice(-2);
const start = JSON.parse(order);
const socket = new net.Socket({ fd: Number(descriptor), readable: true, writable: true });
let requestId = "";

function reply(message) {
  const peak = Math.round(process.memoryUsage.rss() / 1024);
  const data = Buffer.from(JSON.stringify({ ...message, peak }));
  const head = Buffer.alloc(4);
  head.writeUInt32BE(data.length);
  return new Promise((sent) => socket.write(Buffer.concat([head, data]), sent));
}

function failure(errorType, errorMessage, trace = []) {
  return { errorType, errorMessage, trace };
}

function told(error) {
  return `${new Date().toISOString()}\t${requestId}\tERROR\tInvoke Error \t${JSON.stringify(error)}`;
}

for (const [name, level] of Object.entries({ log: "INFO", info: "INFO", warn: "WARN", error: "ERROR", debug: "DEBUG" })) {
  console[name] = (...values) => {
    const text = util.format(...values).replaceAll("\n", "\r");
    process.stdout.write(`${new Date().toISOString()}\t${requestId || "undefined"}\t${level}\t${text}\n`);
  };
}

async function load(handler) {
  const dot = handler.lastIndexOf(".");
  const [file, name] = [handler.slice(0, dot), handler.slice(dot + 1)];
  const found = [".js", ".mjs", ".cjs"].map((end) => path.join(start.root, file + end)).find(existsSync);
  if (!found) throw failure("Runtime.ImportModuleError", `Error: Cannot find module '${file}'`);
  let loaded;
  try {
    loaded = found.endsWith(".cjs") ? createRequire(found)(found) : await import(pathToFileURL(found));
  } catch (error) {
    const syntax = error instanceof SyntaxError;
    throw failure(syntax ? "Runtime.UserCodeSyntaxError" : error.name, String(error), String(error.stack).split("\n"));
  }
  const handle = loaded[name] ?? loaded.default?.[name];
  if (typeof handle !== "function") {
    throw failure("Runtime.HandlerNotFound", `${handler} is undefined or not exported`);
  }
  return handle;
}

function contextOf(message) {
  return {
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: message.arn,
    awsRequestId: message.id,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, message.deadline - Date.now()),
  };
}

function run(handle, message) {
  return new Promise((resolve, reject) => {
    const result = handle(JSON.parse(message.event), contextOf(message), (error, value) =>
      error ? reject(error) : resolve(value),
    );
    if (typeof result?.then === "function") result.then(resolve, reject);
    else if (handle.length < 3) resolve(result);
  });
}

async function answer(handle, message) {
  requestId = message.id;
  process.env._X_AMZN_TRACE_ID = message.trace;
  try {
    await reply({ result: JSON.stringify((await run(handle, message)) ?? null) });
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const shown = failure(error.name, error.message, String(error.stack).split("\n"));
    await reply({ error: shown, log: told(shown) });
  }
}

async function main() {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, start.environment);
  process.chdir(start.root);
  let handle;
  try {
    handle = await load(process.env._HANDLER);
  } catch (error) {
    const shown = error.errorType ? error : failure("Error", String(error));
    await reply({ init_error: shown, log: told(shown) });
    process.exit(1);
  }
  await reply({ ready: true });
  let inbox = Buffer.alloc(0);
  socket.on("data", async (part) => {
    inbox = Buffer.concat([inbox, part]);
    while (inbox.length >= 4 && inbox.length >= 4 + inbox.readUInt32BE()) {
      const end = 4 + inbox.readUInt32BE();
      const message = JSON.parse(inbox.subarray(4, end));
      inbox = inbox.subarray(end);
      await answer(handle, message);
    }
  });
  socket.on("close", () => process.exit(0));
  socket.on("end", () => process.exit(0));
}

main();
