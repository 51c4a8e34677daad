import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { CurrentPrincipal, type Principal, Public, RequireScope } from '../../platform/http/index.js';
import {
  type ExpertAnswer,
  type ExpertListQuery,
  expertListQuerySchema,
  type ExpertPageAnswer,
  expertPageSchema,
  type ExpertParams,
  expertParamsSchema,
  expertSchema,
  type ProfileBody,
  profileSchema,
  readExpertCursor,
  toExpertAnswer,
  toExpertPageAnswer,
} from './dto/expert.dto.js';
import { ExpertService } from './expert.service.js';

/** Experts: everybody reads their profiles, each writes his own. */
@ApiTags('Marketplace')
@Controller('api/marketplace/experts')
export class ExpertController {
  constructor(private readonly experts: ExpertService) {}

  @Get()
  @Public()
  @ApiOperation({ summary: 'List experts, the featured ones first' })
  @ApiOkResponse({ standardSchema: expertPageSchema })
  async list(
    @Query({ schema: expertListQuerySchema }) { limit, cursor }: ExpertListQuery,
  ): Promise<ExpertPageAnswer> {
    const experts = await this.experts.listExperts(readExpertCursor(cursor), limit + 1);
    return toExpertPageAnswer(experts, limit);
  }

  @Put('me')
  @ApiBearerAuth()
  @RequireScope('marketplace')
  @ApiOperation({
    summary: 'Become an expert, or change your profile',
    description: 'Everybody can read what you write here.',
  })
  @ApiOkResponse({ standardSchema: expertSchema })
  async save(
    @CurrentPrincipal() { userId }: Principal,
    @Body({ schema: profileSchema }) body: ProfileBody,
  ): Promise<ExpertAnswer> {
    const profile = {
      displayName: body.display_name.toWellFormed(),
      bio: body.bio.toWellFormed(),
      skills: body.skills.map((skill) => skill.toWellFormed()),
    };
    return toExpertAnswer(await this.experts.saveProfile(userId, profile));
  }

  @Delete('me')
  @HttpCode(204)
  @ApiBearerAuth()
  @RequireScope('marketplace')
  @ApiOperation({
    summary: 'Stop being an expert',
    description: 'Your profile is erased. What you have accepted you can still deliver.',
  })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: '`expert_not_found`' })
  async remove(@CurrentPrincipal() { userId }: Principal): Promise<void> {
    await this.experts.deleteProfile(userId);
  }

  @Get(':user_id')
  @Public()
  @ApiOperation({ summary: "Read an expert's profile" })
  @ApiOkResponse({ standardSchema: expertSchema })
  @ApiNotFoundResponse({ description: '`expert_not_found`' })
  async read(@Param({ schema: expertParamsSchema }) params: ExpertParams): Promise<ExpertAnswer> {
    return toExpertAnswer(await this.experts.getExpert(params.user_id));
  }
}

/** Which experts are featured, for operators. */
@ApiTags('Marketplace')
@ApiBearerAuth()
@Controller('api/admin/marketplace/experts/:user_id/featured')
@RequireScope('operations')
@ApiNotFoundResponse({ description: '`expert_not_found`' })
export class ExpertOperationsController {
  constructor(private readonly experts: ExpertService) {}

  @Put()
  @ApiOperation({ summary: 'Feature an expert', description: 'Featured experts come first. It is audited.' })
  @ApiOkResponse({ standardSchema: expertSchema })
  async feature(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: expertParamsSchema }) params: ExpertParams,
  ): Promise<ExpertAnswer> {
    return toExpertAnswer(await this.experts.setFeatured(userId, params.user_id, true));
  }

  @Delete()
  @ApiOperation({ summary: 'Feature an expert no longer', description: 'It is audited.' })
  @ApiOkResponse({ standardSchema: expertSchema })
  async unfeature(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: expertParamsSchema }) params: ExpertParams,
  ): Promise<ExpertAnswer> {
    return toExpertAnswer(await this.experts.setFeatured(userId, params.user_id, false));
  }
}
