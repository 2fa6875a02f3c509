import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { SnapshotSearch } from "./search.ts";

export const snapshotRoute = createRoute({
	getParentRoute: () => framed,
	path: "/snapshots/$id",
	validateSearch: SnapshotSearch,
	staticData: { needs: "backups:read" },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
