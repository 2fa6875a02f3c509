import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type Actor, isPermitted } from "@netconductor/contracts/kernel/actor";
import { closeCodes } from "@netconductor/contracts/realtime/messages";
import { hasCode, isAppError } from "@netconductor/runtime/errors";
import type { Log } from "@netconductor/runtime/log";
import { type WebSocket, WebSocketServer } from "ws";
import type { Dashboard } from "./dashboard.ts";
import type { RunFeeds } from "./run-feed.ts";
import { backlogLimitBytes, createWatcher, type Watcher } from "./watcher.ts";

interface Needs {
	/** @throws auth.ticket_invalid */
	redeemTicket(ticket: string): Promise<Actor>;
	/** The actor with what they may do by now; undefined or an `unauthenticated` error when they are signed out. */
	resolveAgain(actor: Actor): Promise<Actor | undefined>;
	allowed_origins: readonly string[];
	feeds: RunFeeds;
	dashboard: Dashboard;
	log: Log;
}

const pingEvery_ms = 30_000;
/** How long somebody who was disabled or lost a right may go on watching, about. */
const recheckEvery_ms = 5_000;

/** Live views that one person, or one API token's owner, may have open at once: enough for a wall of screens, too few to keep others out. */
const mostViewsOfOne = 200;

const notPermitted = { code: closeCodes.forbidden, reason: "runs:read is needed" };
const signedOut = { code: closeCodes.ticket_invalid, reason: "the session or token behind this view has ended" };

/** Accepts WebSockets: right origin, a single-use ticket, and a role that may see what is asked for. */
export function createSocketServer({ redeemTicket, resolveAgain, allowed_origins, feeds, dashboard, log }: Needs) {
	// Browsers send nothing to us: anything longer than a pong is somebody playing.
	const server = new WebSocketServer({ noServer: true, maxPayload: 4096, perMessageDeflate: false });
	const alive = new WeakSet<WebSocket>();
	const pinging = setInterval(() => {
		for (const socket of server.clients) {
			if (!alive.has(socket)) socket.terminate();
			alive.delete(socket);
			socket.ping();
		}
	}, pingEvery_ms);

	const watching = new Map<Watcher, Actor>();
	let rechecking = false;
	const rechecks = setInterval(() => {
		if (rechecking) return;
		rechecking = true;
		void recheck().finally(() => {
			rechecking = false;
		});
	}, recheckEvery_ms);

	/** Closes the views of those who may no longer watch: a ticket says only who they were when they opened it. */
	async function recheck(): Promise<void> {
		const bySession = Map.groupBy(watching, ([, { kind, id, session_id }]) => `${kind} ${id} ${session_id}`);
		for (const [[, actor] = []] of bySession.values()) {
			if (actor === undefined) continue;
			const refusal = await whyNoLonger(actor);
			if (refusal === undefined) continue;
			for (const [watcher, { kind, id, session_id }] of watching) {
				if (kind === actor.kind && id === actor.id && session_id === actor.session_id) {
					watcher.end(refusal.code, refusal.reason);
				}
			}
		}
	}

	async function whyNoLonger(actor: Actor): Promise<{ code: number; reason: string } | undefined> {
		try {
			const now = await resolveAgain(actor);
			if (now === undefined) return signedOut;
			return isPermitted(now, "runs:read") ? undefined : notPermitted;
		} catch (error) {
			if (isAppError(error) && error.kind === "unauthenticated") return signedOut;
			// Auth is away for a moment: nobody is thrown out for that.
			log.warn({ err: error }, "whether somebody may still watch could not be asked");
			return undefined;
		}
	}

	function accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
		if (!isAllowedOrigin(request, allowed_origins)) {
			socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
			return;
		}
		server.handleUpgrade(request, socket, head, (opened) => {
			alive.add(opened);
			opened.on("pong", () => alive.add(opened));
			opened.on("error", () => opened.terminate());
			opened.on("message", () => opened.close(1008, "a watcher has nothing to say"));
			// Every ping is answered: somebody who sends them without reading the answers would fill our memory.
			opened.on("ping", () => opened.bufferedAmount > backlogLimitBytes && opened.terminate());
			serve(request, createWatcher(opened)).catch((err) => {
				log.error({ err }, "a live view failed");
				opened.close(1011, "internal error");
			});
		});
	}

	async function serve(request: IncomingMessage, watcher: Watcher): Promise<void> {
		const url = new URL(request.url ?? "/", "http://localhost");
		const actor = await redeemTicket(url.searchParams.get("ticket") ?? "").catch((error) => {
			if (hasCode(error, "auth.ticket_invalid") || hasCode(error, "request.invalid")) return undefined;
			throw error;
		});
		if (actor === undefined) return watcher.end(closeCodes.ticket_invalid, "the ticket is unknown, used or expired");
		if (!isPermitted(actor, "runs:read")) return watcher.end(notPermitted.code, notPermitted.reason);
		if (
			watching
				.values()
				.filter(({ id }) => id === actor.id)
				.toArray().length >= mostViewsOfOne
		) {
			return watcher.end(closeCodes.too_many, `${mostViewsOfOne} live views of yours are open already`);
		}
		watching.set(watcher, actor);
		watcher.onEnd(() => void watching.delete(watcher));

		const task = /^\/ws\/tasks\/([0-9a-f-]{36})$/.exec(url.pathname)?.[1];
		if (url.pathname === "/ws/dashboard") return dashboard.watch(watcher);
		if (task === undefined) return watcher.end(closeCodes.not_found, "there is no such live view");
		const after = Number(url.searchParams.get("after") ?? 0);
		try {
			await feeds.watch(task, Number.isSafeInteger(after) && after >= 0 ? after : 0, watcher);
			watcher.end(1000, "the run has ended");
		} catch (error) {
			if (!hasCode(error, "runs.not_found") && !hasCode(error, "request.invalid")) throw error;
			watcher.end(closeCodes.not_found, "there is no such run");
		}
	}

	return {
		accept,
		async close() {
			clearInterval(pinging);
			clearInterval(rechecks);
			for (const socket of server.clients) socket.close(1012, "the server is restarting");
			await new Promise<void>((resolve) => {
				const timer = setTimeout(() => {
					for (const socket of server.clients) socket.terminate();
				}, 1_000);
				server.close(() => {
					clearTimeout(timer);
					resolve();
				});
				if (server.clients.size === 0) clearTimeout(timer);
			});
		},
	};
}

/** A page of ours, a page that was allowed, or a program (which sends no Origin). */
function isAllowedOrigin({ headers }: IncomingMessage, allowed: readonly string[]): boolean {
	const { origin, host } = headers;
	if (origin === undefined) return true;
	if (allowed.includes(origin)) return true;
	try {
		return new URL(origin).host === host;
	} catch {
		return false;
	}
}
