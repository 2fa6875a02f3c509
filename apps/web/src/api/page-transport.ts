import type { Transport } from "@netconductor/contracts/kernel/client";
import { createFetchTransport, type FetchOptions } from "@netconductor/contracts/kernel/fetch-transport";

/** The server did not answer at all. */
export class NoAnswer extends Error {
	override readonly name = "NoAnswer";
}

/**
 * Carries calls to the server that delivered the page.
 * @throws ApiProblem for an answer that is not a success; NoAnswer when there is none, which browsers tell like a mistake of our own
 */
export function createPageTransport(
	token: () => string | undefined | Promise<string | undefined>,
): Transport<FetchOptions | undefined> {
	const send = createFetchTransport({ url: "", token });
	return async (operation, name, input, options) => {
		try {
			return await send(operation, name, input, options);
		} catch (error) {
			throw error instanceof TypeError ? new NoAnswer("the server does not answer", { cause: error }) : error;
		}
	};
}
