import { createServer, connect as dial, type Socket } from "node:net";

/** The way to a device, which a test can cut. */
export interface Wire {
	port: number;
	/** Ends every session that goes over it. */
	cut(): void;
	stop(): void;
}

export async function wireTo(host: string, port: number): Promise<Wire> {
	const sockets = new Set<Socket>();
	const server = createServer((near) => {
		const far = dial({ host, port });
		for (const [one, other] of [
			[near, far],
			[far, near],
		] as const) {
			sockets.add(one);
			one.on("error", () => {});
			one.on("close", () => {
				sockets.delete(one);
				other.destroy();
			});
			one.pipe(other);
		}
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	if (address === null || typeof address === "string") throw new Error("no port");
	const cut = () => {
		for (const socket of sockets) socket.destroy();
	};
	return {
		port: address.port,
		cut,
		stop() {
			server.close();
			cut();
		},
	};
}
