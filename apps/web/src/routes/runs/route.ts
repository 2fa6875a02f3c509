import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { RunsSearch } from "./search.ts";

export const runsRoute = createRoute({
	getParentRoute: () => framed,
	path: "/runs",
	validateSearch: RunsSearch,
	staticData: { needs: "runs:read", menu: { section: "Runs", at: 1, label: "Runs", icon: "run", key: "r" } },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
