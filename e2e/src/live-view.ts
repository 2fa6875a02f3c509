import type { DashboardMessage, TaskMessage } from "@netconductor/contracts/realtime/messages";
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

/** Opens the dashboard's view and answers what it is told from then on: the latest id by kind, and by `run`; and all the runs. */
export async function listenToDashboard(
	url: string,
	api: Clients,
	past_ms = 0,
): Promise<{ heard: Map<string, string>; runs: Set<string>; stop(): void }> {
	const { ticket } = await api.auth.createWsTicket({});
	const socket = new WebSocket(`${url.replace("http", "ws")}/ws/dashboard?ticket=${ticket}&past_ms=${past_ms}`);
	const heard = new Map<string, string>();
	const runs = new Set<string>();
	socket.on("message", (text) => {
		const message: DashboardMessage = JSON.parse(String(text));
		if (message.type === "run") {
			heard.set("run", message.run.id);
			runs.add(message.run.id);
		} else if (message.type === "changed") heard.set(message.what, message.id);
	});
	await new Promise((resolve) => socket.once("message", resolve));
	return { heard, runs, stop: () => socket.close() };
}
