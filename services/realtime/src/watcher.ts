import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";

/** Somebody who looks: a socket with what is still on its way to it. */
export interface Watcher {
	readonly open: boolean;
	/** Bytes that the network has not taken yet. */
	readonly backlog: number;
	send(message: unknown): void;
	/** The same text to many watchers costs one serialisation. */
	sendText(text: string): void;
	/** As one piece to the network, whose cost for each piece is most of what a short message costs. */
	sendTexts(texts: readonly string[]): void;
	/** Resolves when the network has taken most of what was sent, or the socket is gone. */
	drained(): Promise<void>;
	end(code: number, reason: string): void;
	onEnd(fn: () => void): void;
}

/** Beyond this nothing more is sent until the network catches up: a slow watcher costs this much memory and no more. */
export const backlogLimitBytes = 1024 * 1024;

/** @param wire what the socket writes to */
export function createWatcher(socket: WebSocket, wire: Pick<Duplex, "cork" | "uncork">): Watcher {
	return {
		get open() {
			return socket.readyState === socket.OPEN;
		},
		get backlog() {
			return socket.bufferedAmount;
		},
		send: (message) => socket.send(JSON.stringify(message)),
		sendText: (text) => socket.send(text),
		sendTexts(texts) {
			wire.cork();
			for (const text of texts) socket.send(text);
			wire.uncork();
		},
		async drained() {
			while (socket.readyState === socket.OPEN && socket.bufferedAmount > backlogLimitBytes / 4) {
				await new Promise((resolve) => setTimeout(resolve, 20));
			}
		},
		end: (code, reason) => socket.close(code, reason),
		onEnd: (fn) => void socket.once("close", fn),
	};
}
