import { once } from "node:events";
import { existsSync } from "node:fs";
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { text as streamText } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { reachRabbitMq, reachRedis } from "@netconductor/runtime/bus/reach-broker";
import type { HealthReport } from "@netconductor/runtime/health";
import { broken, type Finding, ok, reasonOf, warning } from "./finding.ts";

const patience_ms = 5_000;

/** What answers at an address: a NetConductor with its health, something else, or nothing. */
export async function whoAnswers(url: string): Promise<HealthReport | "another" | "nobody"> {
	let text: string;
	try {
		text = await readText(`${url}/health/ready`);
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "ECONNREFUSED" ? "nobody" : "another";
	}
	const answer = parseJson(text);
	return isHealth(answer) ? answer : "another";
}

/** Nothing is sent and nobody is let in by the answer, so a certificate for another name than this machine's own address does. */
async function readText(url: string): Promise<string> {
	const { get } = url.startsWith("https:") ? https : http;
	const request = get(url, { agent: false, rejectUnauthorized: false, signal: AbortSignal.timeout(patience_ms) });
	const [response] = (await once(request, "response")) as [IncomingMessage];
	return streamText(response);
}

function parseJson(answer: string): unknown {
	try {
		return JSON.parse(answer);
	} catch {
		return undefined;
	}
}

function isHealth(answer: unknown): answer is HealthReport {
	if (typeof answer !== "object" || answer === null || !("status" in answer) || !("checks" in answer)) return false;
	const { status, checks } = answer;
	return (status === "ok" || status === "failed") && typeof checks === "object" && checks !== null;
}

export interface DoorOptions {
	/** Where browsers and programs reach the API. */
	url: string;
	host: string;
	port: number;
	/** Process that holds the data directory. */
	holder: number | undefined;
	/** Whether a running server would hold the data directory. */
	embedded: boolean;
}

/** Whether the API's port is free for a start, or answered by the server that runs. */
export async function checkDoor({ url, host, port, holder, embedded }: DoorOptions): Promise<Finding> {
	const answer = port === 0 ? "nobody" : await whoAnswers(url);
	const process_name = holder === undefined ? "" : ` (process ${holder})`;
	const another = "Choose another with NETCONDUCTOR_PORT (and NETCONDUCTOR_HOST), or end what listens there.";
	if (typeof answer === "object") {
		if (embedded && holder === undefined) {
			return broken("server", `A NetConductor with other data answers at ${url}`, another);
		}
		if (answer.status === "ok") return ok("server", `runs${process_name} and is ready at ${url}`);
		const failing = Object.entries(answer.checks).filter(([, { status }]) => status !== "ok");
		return broken(
			"server",
			`runs${process_name} at ${url} and is not ready: ${failing.map(([name, { detail }]) => `${name}: ${detail ?? "failed"}`).join("; ")}`,
			"Its log says more; what else is wrong here may be why.",
		);
	}
	if (holder !== undefined) {
		return warning(
			"server",
			`Process ${holder} uses the data directory, but no NetConductor answers at ${url}`,
			"It may just be starting or stopping, or have been started with another NETCONDUCTOR_PORT or NETCONDUCTOR_HOST.",
		);
	}
	const refusal = await tryListening(host, port);
	return refusal === undefined
		? ok("server", `does not run; ${host}:${port} is free`)
		: broken("server", `${host}:${port} cannot be listened on: ${refusal}`, another);
}

/** The port for other processes of ours, where one is set. */
export async function checkInternalDoor(
	{ host, port }: { host: string; port: number },
	isRunning: boolean,
): Promise<Finding[]> {
	if (port === 0 || isRunning) return [];
	const refusal = await tryListening(host, port);
	if (refusal === undefined) return [ok("internal port", `${host}:${port} is free`)];
	return [
		broken(
			"internal port",
			`${host}:${port} cannot be listened on: ${refusal}`,
			"Choose another with NETCONDUCTOR_INTERNAL_PORT (and NETCONDUCTOR_INTERNAL_HOST), or end what listens there.",
		),
	];
}

/** Listens and stops at once. Answers why it could not. */
function tryListening(host: string, port: number): Promise<string | undefined> {
	const server = createServer();
	return new Promise((resolve) => {
		server.once("error", ({ code, message }: NodeJS.ErrnoException) => resolve(refusals[code ?? ""] ?? message));
		server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
	});
}

const refusals: Record<string, string> = {
	EADDRINUSE: "another program listens there already",
	EACCES: "this user may not (ports below 1024 are root's)",
	EADDRNOTAVAIL: "this machine does not have that address",
	ENOTFOUND: "the name of that host is unknown",
};

export interface ElsewhereOptions {
	rabbitmq: string | undefined;
	redis: string | undefined;
	/** Internal addresses by service that runs in other processes. */
	peers: Readonly<Record<string, readonly string[] | undefined>>;
}

/** What this configuration says runs elsewhere. */
export async function checkElsewhere({ rabbitmq, redis, peers }: ElsewhereOptions): Promise<Finding[]> {
	const looks: Promise<Finding>[] = [];
	if (rabbitmq !== undefined) looks.push(reach("RabbitMQ", "RABBITMQ_URL", rabbitmq, reachRabbitMq));
	if (redis !== undefined) looks.push(reach("Redis", "REDIS_URL", redis, reachRedis));
	for (const [name, urls = []] of Object.entries(peers)) {
		for (const url of urls) {
			looks.push(reach(`service ${name}`, `NETCONDUCTOR_${name.toUpperCase()}_URL`, url, reachPeer));
		}
	}
	return Promise.all(looks);
}

async function reach(
	check: string,
	setting: string,
	url: string,
	attempt: (url: string) => Promise<void>,
): Promise<Finding> {
	const { host } = new URL(url);
	try {
		await attempt(url);
		return ok(check, `answers at ${host}`);
	} catch (error) {
		return broken(check, `does not let us in at ${host}: ${reasonOf(error)}`, `Start it there, or correct ${setting}.`);
	}
}

async function reachPeer(url: string): Promise<void> {
	const answer = await whoAnswers(url);
	if (answer === "nobody") throw new Error("the connection was refused");
	if (answer === "another") throw new Error("what answers there is no NetConductor, or does not answer in time");
}

/** Whether the pages that the gateway serves were built. */
export function checkWebApp(configured: string | undefined): Finding {
	const folder = configured ?? fileURLToPath(new URL("../../../web/dist/", import.meta.url));
	if (existsSync(join(folder, "index.html"))) return ok("web app", folder);
	return warning(
		"web app",
		`${folder} holds no built web app: the API works, browsers get nothing`,
		configured === undefined
			? "Run `npm run build:web`; `npm start` does it too."
			: "Correct NETCONDUCTOR_HTTP_WEB_DIR.",
	);
}
