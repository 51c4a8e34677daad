import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { describe, expect, it } from 'vitest';
import { ProviderModule, ProviderService, providerConfig } from '../../src/modules/provider/index.js';
import { appEnvironmentConfig, ConfigModule, loadConfig } from '../../src/platform/config/index.js';

const definitions = [appEnvironmentConfig, providerConfig];
const UPSTREAM = { LOCKKEEPER_UPSTREAM_URL: 'http://127.0.0.1:9/v1' };

async function createProvider(settings: Record<string, string>): Promise<ProviderService> {
  const config = loadConfig(settings, definitions);
  const imports = [ConfigModule.forRoot(config, definitions), ProviderModule];
  const root = { module: class TestRootModule {}, imports };
  const app = await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
  return app.get(ProviderService);
}

async function modelIds(settings: Record<string, string>): Promise<string[]> {
  return (await createProvider(settings)).listModels().map((model) => model.id);
}

function models(...list: object[]): { LOCKKEEPER_MODELS: string } {
  return { LOCKKEEPER_MODELS: JSON.stringify(list) };
}

const priced = { id: 'gpt', input_price: '2.5', output_price: '10.000001' };

describe('the models of the configuration', () => {
  it('are offered with their prices in micro-coins, their limits, and their names at the provider', async () => {
    const provider = await createProvider({ ...UPSTREAM, ...models({ ...priced, upstream_id: 'gpt-x-2' }) });
    expect(provider.getModel('gpt')).toEqual({
      id: 'gpt',
      provider: 'upstream',
      upstreamId: 'gpt-x-2',
      inputPrice: 2_500_000n,
      outputPrice: 10_000_001n,
      maxOutputTokens: 4096,
      contextTokens: 128_000,
      outputLimitField: 'max_tokens',
    });
  });

  it.each([
    ['no JSON', '[{', /must be JSON/],
    ['no list', '{}', /expected array/],
    ['a negative price', JSON.stringify([{ ...priced, input_price: '-1' }]), /0\.input_price.*negative/],
    ['a price that is a number', JSON.stringify([{ ...priced, output_price: 10 }]), /0\.output_price/],
    ['a name that is unknown', JSON.stringify([{ ...priced, price: '1' }]), /price/],
    ['the same model twice', JSON.stringify([priced, priced]), /gpt.*twice/],
    ['the name of the built-in model', JSON.stringify([{ ...priced, id: 'local' }]), /local.*built-in/],
  ])('are refused at boot if they are %s', (_what, text, problem) => {
    const environment = { ...UPSTREAM, LOCKKEEPER_MODELS: text };
    expect(() => loadConfig(environment, definitions)).toThrow(/LOCKKEEPER_MODELS/);
    expect(() => loadConfig(environment, definitions)).toThrow(problem);
  });

  it('have all their problems listed at once', () => {
    const text = JSON.stringify([
      { ...priced, input_price: 'x' },
      { id: '', input_price: '1', output_price: '-2' },
    ]);
    const problems = () => loadConfig({ LOCKKEEPER_MODELS: text }, definitions);
    expect(problems).toThrow(/0\.input_price/);
    expect(problems).toThrow(/1\.id/);
    expect(problems).toThrow(/1\.output_price/);
  });
});

describe('the built-in model', () => {
  it('stands in while there is no provider', async () => {
    expect(await modelIds({})).toEqual(['local']);
    expect(await modelIds({ ...UPSTREAM, ...models(priced) })).toEqual(['gpt']);
  });

  it('is offered beside a provider, or not at all, as configured', async () => {
    expect(await modelIds({ ...UPSTREAM, ...models(priced), LOCKKEEPER_LOCAL_MODEL: 'on' })).toEqual([
      'gpt',
      'local',
    ]);
    expect(await modelIds({ LOCKKEEPER_LOCAL_MODEL: 'off' })).toEqual([]);
  });

  it('takes scripts by its name, but not in production, not when off, and none that are too long to store', async () => {
    const script = 'local:tokens=3,no_usage';
    expect((await createProvider({})).getModel(script)).toMatchObject({ id: script, provider: 'local' });
    const notFound = expect.objectContaining({ code: 'model_not_found', param: 'model' });
    for (const [name, value] of [
      ['NODE_ENV', 'production'],
      ['LOCKKEEPER_LOCAL_MODEL', 'off'],
    ] as const) {
      const provider = await createProvider({ [name]: value });
      expect(() => provider.getModel(script)).toThrow(notFound);
    }
    const provider = await createProvider({});
    expect(() => provider.getModel(`local:${'tokens=1,'.repeat(20)}tokens=1`)).toThrow(notFound);
    expect(() => provider.getModel('local:tokens=x')).toThrow(notFound);
  });

  it('is named when a model is asked for that there is not', async () => {
    const provider = await createProvider({});
    expect(() => provider.getModel('gpt-9')).toThrow(/no model 'gpt-9' here.*There are: local/);
  });
});
