import { z } from "zod";

/** Where to go after signing in: a page of ours, never an address that somebody else put into a link. */
export const SignInSearch = z.object({
	next: z
		.string()
		.max(2000)
		.regex(/^\/(?![/\\])/)
		.optional()
		.catch(undefined),
});
