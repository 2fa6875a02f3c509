import { createRoute } from "@tanstack/react-router";
import { root } from "../root.tsx";

/** Where a tab ends up that was opened only to sign in for another one. */
export const signInDoneRoute = createRoute({
	getParentRoute: () => root,
	path: "/sign-in/done",
}).lazy(() => import("./page.tsx").then(({ route }) => route));
