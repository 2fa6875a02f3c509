import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";

export const signInMethodsRoute = createRoute({
	getParentRoute: () => framed,
	path: "/sign-in-methods",
	staticData: {
		needs: "login_methods:read",
		menu: { section: "Administration", at: 3, label: "Ways to sign in", icon: "lock" },
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
