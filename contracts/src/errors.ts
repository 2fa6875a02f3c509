import { devicesErrors } from "./devices/errors.ts";
import { type ErrorSpec, kernelErrors } from "./kernel/errors.ts";

/** Every error code of the product with its kind and title. */
export const errorCatalogue = { ...kernelErrors, ...devicesErrors } as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof errorCatalogue;
