import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type AccessChange, concerns } from "@netconductor/contracts/auth/access";
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
	/** @throws runs.not_found — for this actor, whose role may be limited to some devices */
	requireRun(actor: Actor, run_id: string): Promise<void>;
	/** The actor with what they may do by now; undefined or an `unauthenticated` error when they are signed out. */
	resolveAgain(actor: Actor): Promise<Actor | undefined>;
	allowed_origins: readonly string[];
	feeds: RunFeeds;
	dashboard: Dashboard;
	log: Log;
}

const pingEvery_ms = 30_000;
/** How long somebody who was disabled or lost a right may go on watching, about, where word of it was lost. */
const recheckEvery_ms = 5_000;

/** Live views that one person, or one API token's owner, may have open at once: enough for a wall of screens, too few to keep others out. */
const mostViewsOfOne = 200;

const notPermitted = { code: closeCodes.forbidden, reason: "runs:read is needed" };
const noSuchRun = "there is no such run";
const signedOut = { code: closeCodes.ticket_invalid, reason: "the session or token behind this view has ended" };

/** Somebody who watches: who they are with what they may do as far as it is known, and whether they may go on without seeing runs. */
interface Watching {
	actor: Actor;
	needs_runs: boolean;
	/** The run that they watch, where it is one. */
	run_id?: string;
}

/** Accepts WebSockets: right origin, a single-use ticket, and a role that may see what is asked for. */
export function createSocketServer({
	redeemTicket,
	requireRun,
	resolveAgain,
	allowed_origins,
	feeds,
	dashboard,
	log,
}: Needs) {
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

	const watching = new Map<Watcher, Watching>();
	let changes = 0;
	let rechecking = false;
	const rechecks = setInterval(() => {
		if (rechecking) return;
		rechecking = true;
		void recheck().finally(() => {
			rechecking = false;
		});
	}, recheckEvery_ms);

	/**
	 * Closes the views of those who may no longer watch: a ticket says only who they were when they opened it. Asks only of those whom `change`
	 * concerns.
	 */
	async function recheck(change: AccessChange = {}): Promise<void> {
		const concerned = [...watching].filter(([, { actor }]) =>
			concerns(change, { user_id: actor.id, session_id: actor.session_id }),
		);
		const bySession = Map.groupBy(concerned, ([, { actor }]) => `${actor.kind} ${actor.id} ${actor.session_id}`);
		for (const views of bySession.values()) {
			const actor = views[0]?.[1].actor;
			if (actor === undefined) continue;
			const now = await resolved(actor);
			for (const [watcher, view] of views) {
				if (now === undefined) watcher.end(signedOut.code, signedOut.reason);
				else if (view.needs_runs && !isPermitted(now, "runs:read")) {
					watcher.end(notPermitted.code, notPermitted.reason);
				} else if (view.run_id !== undefined && !(await mayStillSee(now, view.run_id))) {
					watcher.end(closeCodes.not_found, noSuchRun);
				} else {
					const { device_groups: _, ...known } = view.actor;
					const { permissions, device_groups } = now;
					view.actor = { ...known, permissions, ...(device_groups && { device_groups }) };
				}
			}
		}
	}

	/** Only of a role that is limited can something be hidden that was shown before. */
	async function mayStillSee(actor: Actor, run_id: string): Promise<boolean> {
		if (actor.device_groups === undefined) return true;
		try {
			await requireRun(actor, run_id);
			return true;
		} catch (error) {
			if (hasCode(error, "runs.not_found")) return false;
			log.warn({ err: error }, "whether somebody may still watch a run could not be asked");
			return true;
		}
	}

	async function resolved(actor: Actor): Promise<Actor | undefined> {
		try {
			return await resolveAgain(actor);
		} catch (error) {
			if (isAppError(error) && error.kind === "unauthenticated") return undefined;
			// Auth is away for a moment: nobody is thrown out for that.
			log.warn({ err: error }, "whether somebody may still watch could not be asked");
			return actor;
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
			serve(request, createWatcher(opened, socket)).catch((err) => {
				log.error({ err }, "a live view failed");
				opened.close(1011, "internal error");
			});
		});
	}

	async function serve(request: IncomingMessage, watcher: Watcher): Promise<void> {
		const url = new URL(request.url ?? "/", "http://localhost");
		const changesBefore = changes;
		const actor = await redeemTicket(url.searchParams.get("ticket") ?? "").catch((error) => {
			if (hasCode(error, "auth.ticket_invalid") || hasCode(error, "request.invalid")) return undefined;
			throw error;
		});
		if (actor === undefined) return watcher.end(closeCodes.ticket_invalid, "the ticket is unknown, used or expired");
		const task = /^\/ws\/tasks\/([0-9a-f-]{36})$/.exec(url.pathname)?.[1];
		const view: Watching = { actor, needs_runs: url.pathname !== "/ws/dashboard", ...(task && { run_id: task }) };
		if (view.needs_runs && !isPermitted(actor, "runs:read")) return watcher.end(notPermitted.code, notPermitted.reason);
		const views = watching
			.values()
			.filter((other) => other.actor.id === actor.id)
			.toArray();
		if (views.length >= mostViewsOfOne) {
			return watcher.end(closeCodes.too_many, `${mostViewsOfOne} live views of yours are open already`);
		}
		watching.set(watcher, view);
		// Ended after the ticket was redeemed and before the view was known here: word of it found nobody.
		if (changes > changesBefore) void recheck({ user_id: actor.id });
		watcher.onEnd(() => void watching.delete(watcher));

		if (!view.needs_runs) {
			const past_ms = Number(url.searchParams.get("past_ms")) || 0;
			return dashboard.watch(watcher, () => view.actor, Math.max(past_ms, 0));
		}
		if (task === undefined) return watcher.end(closeCodes.not_found, "there is no such live view");
		const after = Number(url.searchParams.get("after") ?? 0);
		try {
			await requireRun(view.actor, task);
			await feeds.watch(task, Number.isSafeInteger(after) && after >= 0 ? after : 0, watcher);
			watcher.end(1000, "the run has ended");
		} catch (error) {
			if (!hasCode(error, "runs.not_found") && !hasCode(error, "request.invalid")) throw error;
			watcher.end(closeCodes.not_found, noSuchRun);
		}
	}

	return {
		accept,
		/** Asks at once whether those may still watch whom a change concerns. */
		async accessChanged(change: AccessChange): Promise<void> {
			changes++;
			await recheck(change);
		},
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
