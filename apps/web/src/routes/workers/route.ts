import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { WorkersSearch } from "./search.ts";

export const workersRoute = createRoute({
	getParentRoute: () => framed,
	path: "/workers",
	validateSearch: WorkersSearch,
	staticData: { needs: "workers:read", menu: { section: "Runs", at: 2, label: "Workers", icon: "worker", key: "w" } },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
