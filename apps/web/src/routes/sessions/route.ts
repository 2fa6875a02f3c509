import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { SessionsSearch } from "./search.ts";

export const sessionsRoute = createRoute({
	getParentRoute: () => framed,
	path: "/sessions",
	validateSearch: SessionsSearch,
	staticData: { menu: { section: "Administration", at: 5, label: "Sessions", icon: "user" } },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
