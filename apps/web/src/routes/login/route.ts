import { createRoute } from "@tanstack/react-router";
import { root } from "../root.tsx";
import { SignInSearch } from "../sign-in-search.ts";

export const loginRoute = createRoute({
	getParentRoute: () => root,
	path: "/login",
	validateSearch: SignInSearch,
}).lazy(() => import("./page.tsx").then(({ route }) => route));
