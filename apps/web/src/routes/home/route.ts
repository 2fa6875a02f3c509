import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { HomeSearch } from "./search.ts";

export const homeRoute = createRoute({
	getParentRoute: () => framed,
	path: "/",
	validateSearch: HomeSearch,
	staticData: { menu: { section: "Overview", at: 1, label: "Dashboard", icon: "home", key: "h" } },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
