import { PlatformDefinition, type PlatformInput } from "@netconductor/contracts/devices/platform";

/** Checks a definition and fills in what it left out. @throws ZodError that names the field */
export function definePlatform(definition: PlatformInput): PlatformDefinition {
	return PlatformDefinition.parse(definition);
}
