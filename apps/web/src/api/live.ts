import { closeCodes } from "@netconductor/contracts/realtime/messages";
import type { Api } from "./api.ts";

export type LiveState = "connecting" | "live" | "lost" | "ended" | "refused";

interface Options<M> {
	api: Api;
	/** Address of the view with what it needs to go on where it was; asked at each connection. What it fails with counts as a loss. */
	path(): string | Promise<string>;
	read(message: unknown): M;
	onMessage(message: M): void;
	onState(state: LiveState): void;
}

const firstPause_ms = 500;
const longestPause_ms = 15_000;
// What no later attempt would change.
const final = new Set<number>([closeCodes.forbidden, closeCodes.not_found]);

/** Follows a live view until it ends, connecting again after every loss. Answers the function that stops it. */
export function followLive<M>({ api, path, read, onMessage, onState }: Options<M>): () => void {
	let socket: WebSocket | undefined;
	let timer: ReturnType<typeof setTimeout> | undefined;
	let stopped = false;
	let pause_ms = firstPause_ms;

	async function connect(): Promise<void> {
		try {
			const url = new URL(await path(), window.location.href);
			if (stopped) return;
			const { ticket } = await api.auth.createWsTicket({});
			if (stopped) return;
			url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
			url.searchParams.set("ticket", ticket);
			open(url);
		} catch {
			again();
		}
	}

	function open(url: URL): void {
		const opened = new WebSocket(url);
		socket = opened;
		opened.onmessage = ({ data }) => {
			pause_ms = firstPause_ms;
			onState("live");
			onMessage(read(JSON.parse(String(data))));
		};
		opened.onclose = ({ code }) => {
			if (stopped) return;
			if (final.has(code)) return onState("refused");
			if (code === 1000) return onState("ended");
			again();
		};
	}

	function again(): void {
		if (stopped) return;
		onState("lost");
		timer = setTimeout(tryAgain, pause_ms * (0.5 + Math.random()));
		pause_ms = Math.min(pause_ms * 2, longestPause_ms);
	}

	function tryAgain(): void {
		clearTimeout(timer);
		timer = undefined;
		void connect();
	}

	/** A computer that wakes up, or finds its network again, does not wait for the rest of a pause. */
	function onReturn(): void {
		if (timer === undefined || document.visibilityState === "hidden") return;
		pause_ms = firstPause_ms;
		tryAgain();
	}

	window.addEventListener("online", onReturn);
	document.addEventListener("visibilitychange", onReturn);
	onState("connecting");
	void connect();
	return () => {
		stopped = true;
		window.removeEventListener("online", onReturn);
		document.removeEventListener("visibilitychange", onReturn);
		clearTimeout(timer);
		socket?.close();
	};
}
