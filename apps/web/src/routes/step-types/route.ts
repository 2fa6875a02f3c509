import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { StepTypesSearch } from "./search.ts";

export const stepTypesRoute = createRoute({
	getParentRoute: () => framed,
	path: "/step-types",
	validateSearch: StepTypesSearch,
	staticData: { needs: "mops:read" },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
