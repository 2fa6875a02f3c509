import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A TCP connection to a product, for what no HTTP client sends. */
export async function openRaw(url: string): Promise<Socket> {
	const { hostname, port } = new URL(url);
	const socket = connect(Number(port), hostname);
	socket.on("error", () => {});
	await once(socket, "connect");
	return socket;
}

/** What is answered to `text`, until the server closes or is silent for `quiet_ms`. */
export async function exchangeRaw(url: string, text: string | Buffer, quiet_ms = 1_000): Promise<string> {
	const socket = await openRaw(url);
	let answer = "";
	socket.on("data", (piece) => (answer += piece));
	socket.setTimeout(quiet_ms, () => socket.destroy());
	socket.write(text);
	await once(socket, "close");
	return answer;
}

export interface RawAnswer {
	status: number;
	text: string;
}

/** Sends one request with the path exactly as given: `fetch` and `URL` would tidy it up. */
export async function requestRaw(
	url: string,
	method: string,
	path: string,
	headers: Record<string, string> = {},
	body = "",
): Promise<RawAnswer> {
	const lines = [
		`${method} ${path} HTTP/1.1`,
		`host: ${new URL(url).host}`,
		"connection: close",
		...(body === "" ? [] : ["content-type: application/json", `content-length: ${Buffer.byteLength(body)}`]),
		...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
	];
	const text = await exchangeRaw(url, `${lines.join("\r\n")}\r\n\r\n${body}`, 5_000);
	return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text };
}
