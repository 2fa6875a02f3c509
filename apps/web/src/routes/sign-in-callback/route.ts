import { createRoute } from "@tanstack/react-router";
import { root } from "../root.tsx";

export const signInCallbackRoute = createRoute({
	getParentRoute: () => root,
	path: "/sign-in/callback",
}).lazy(() => import("./page.tsx").then(({ route }) => route));
