import type { WebSocket } from "ws";

/** Somebody who looks: a socket with what is still on its way to it. */
export interface Watcher {
	readonly open: boolean;
	/** Bytes that the network has not taken yet. */
	readonly backlog: number;
	send(message: unknown): void;
	/** The same text to many watchers costs one serialisation. */
	sendText(text: string): void;
	/** Resolves when the network has taken most of what was sent, or the socket is gone. */
	drained(): Promise<void>;
	end(code: number, reason: string): void;
	onEnd(fn: () => void): void;
}

/** Beyond this nothing more is sent until the network catches up: a slow watcher costs this much memory and no more. */
export const backlogLimitBytes = 1024 * 1024;

export function createWatcher(socket: WebSocket): Watcher {
	return {
		get open() {
			return socket.readyState === socket.OPEN;
		},
		get backlog() {
			return socket.bufferedAmount;
		},
		send: (message) => socket.send(JSON.stringify(message)),
		sendText: (text) => socket.send(text),
		async drained() {
			while (socket.readyState === socket.OPEN && socket.bufferedAmount > backlogLimitBytes / 4) {
				await new Promise((resolve) => setTimeout(resolve, 20));
			}
		},
		end: (code, reason) => socket.close(code, reason),
		onEnd: (fn) => void socket.once("close", fn),
	};
}
