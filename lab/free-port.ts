import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** A free port below those that the system gives out by itself, so that nobody gets it between two starts of who listens there. */
export async function freePort(): Promise<number> {
	for (;;) {
		const port = randomInt(12_000, 32_000);
		const server = createServer();
		const free = await new Promise<boolean>((resolve) => {
			server.once("error", () => resolve(false));
			server.listen(port, "127.0.0.1", () => resolve(true));
		});
		await new Promise((resolve) => server.close(resolve));
		if (free) return port;
	}
}
