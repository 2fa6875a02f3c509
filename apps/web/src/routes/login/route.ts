import { createRoute } from "@tanstack/react-router";
import { signInQuery } from "../../shell/sign-in-query.ts";
import { root } from "../root.tsx";
import { SignInSearch } from "../sign-in-search.ts";

export const loginRoute = createRoute({
	getParentRoute: () => root,
	path: "/login",
	validateSearch: SignInSearch,
	// Beside the page's code and before it shows, so that the banner does not push the form away. Without it the form shows all the same.
	loader: ({ context: { api, queries } }) => queries.prefetchQuery(signInQuery(api)),
}).lazy(() => import("./page.tsx").then(({ route }) => route));
