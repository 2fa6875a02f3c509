// What Chromium, Firefox and WebKit say, in this order.
const notLoaded = /dynamically imported module|Importing a module script failed|loading dynamically imported/i;

const firstPause_ms = 1_000;
const longestPause_ms = 10_000;

/** Whether a part of the app itself did not come: the server is away, or was upgraded and holds other parts now. */
export function isCodeMissing(error: unknown): boolean {
	return error instanceof TypeError && notLoaded.test(error.message);
}

/** Loads a part that the page works without, again and again until it comes: what is missing meanwhile takes nothing else with it. */
export function untilLoaded<T>(load: () => Promise<T>): () => Promise<T> {
	return async () => {
		for (let pause_ms = firstPause_ms; ; pause_ms = Math.min(pause_ms * 2, longestPause_ms)) {
			try {
				return await load();
			} catch (error) {
				if (!isCodeMissing(error)) throw error;
				await new Promise((resolve) => setTimeout(resolve, pause_ms));
			}
		}
	};
}

/** Loads the whole page anew, but only from a server that answers: the browser's own error page would be all that is left. */
export async function loadPageAnew(): Promise<void> {
	const answers = await fetch(window.location.pathname, { method: "HEAD", cache: "no-store" }).then(
		() => true,
		() => false,
	);
	if (answers) window.location.reload();
}
