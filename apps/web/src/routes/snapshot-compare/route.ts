import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { SnapshotCompareSearch } from "./search.ts";

export const snapshotCompareRoute = createRoute({
	getParentRoute: () => framed,
	path: "/snapshots/compare",
	validateSearch: SnapshotCompareSearch,
	staticData: { needs: "backups:read" },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
