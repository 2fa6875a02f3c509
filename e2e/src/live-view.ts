import type { TaskMessage } from "@netconductor/contracts/realtime/messages";
import { WebSocket } from "ws";
import type { Clients } from "./product.ts";

export interface Watched {
	messages: TaskMessage[];
	close_code: number;
}

/** Opens a live view with a fresh ticket and answers, when it has closed, all that it showed. */
export async function watchRun(url: string, api: Clients, run_id: string): Promise<Watched> {
	const { ticket } = await api.auth.createWsTicket({});
	return watchAddress(`${url.replace("http", "ws")}/ws/tasks/${run_id}?ticket=${ticket}`);
}

/** Rejects with the status where the handshake is refused. */
export function watchAddress(
	address: string,
	options: { origin?: string; until?: (message: TaskMessage) => boolean } = {},
): Promise<Watched> {
	return new Promise((resolve, reject) => {
		const socket = new WebSocket(address, { ...(options.origin && { origin: options.origin }) });
		const messages: TaskMessage[] = [];
		socket.on("message", (text) => {
			const message: TaskMessage = JSON.parse(String(text));
			messages.push(message);
			if (options.until?.(message)) socket.close();
		});
		socket.on("close", (close_code) => resolve({ messages, close_code }));
		socket.on("error", reject);
		socket.on("unexpected-response", (_, response) => reject(new Error(`status ${response.statusCode}`)));
	});
}

export const outputOf = ({ messages }: Watched) =>
	messages.flatMap((message) => (message.type === "output" ? [message.chunk] : []));
