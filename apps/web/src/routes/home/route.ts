import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";

export const homeRoute = createRoute({
	getParentRoute: () => framed,
	path: "/",
	staticData: { menu: { section: "Overview", at: 1, label: "Dashboard", icon: "home", key: "h" } },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
