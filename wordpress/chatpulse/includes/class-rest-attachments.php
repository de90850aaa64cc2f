<?php
/**
 * Routes of files.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Takes files and gives them to those who may have them.
 */
final class Rest_Attachments {

	/** What a browser may show instead of saving it. */
	private const SHOWN = array( 'image/jpeg', 'image/png', 'image/gif', 'image/webp', 'audio/mpeg', 'audio/ogg', 'audio/wav', 'video/mp4', 'video/webm' );

	/**
	 * Registers the routes.
	 */
	public static function routes(): void {
		Rest_Api::route( 'POST', '/attachments', Rest_Api::USER, array( 'file' => array( 'required' => false ) ), array( self::class, 'upload' ) );
		Rest_Api::route( 'GET', '/attachments/(?P<attachment_id>\d+)', Rest_Api::USER_OR_COOKIE, array( 'attachment_id' => Rest_Api::id_arg() ), array( self::class, 'download' ) );
		add_filter( 'rest_pre_serve_request', array( self::class, 'serve' ), 10, 2 );
	}

	/**
	 * Keeps a file until a message carries it.
	 *
	 * @param \WP_REST_Request $request The call.
	 * @param Caller           $caller  Who uploads.
	 * @throws Refusal When there is no file, or none that may be sent.
	 */
	public static function upload( \WP_REST_Request $request, Caller $caller ): \WP_REST_Response {
		$file = $request->get_file_params()['file'] ?? null;
		if ( ! is_array( $file ) || ! is_string( $file['name'] ?? null ) ) {
			throw $request->has_param( 'file' ) || null !== $file ? Refusal::invalid( 'file' ) : new Refusal(
				'rest_missing_callback_param',
				/* translators: %s: name of the field. */
				sprintf( __( 'Missing parameter(s): %s', 'chatpulse' ), 'file' ),
				400,
				array( 'params' => array( 'file' ) )
			);
		}
		$row = Attachments::keep( $caller->user(), $file );
		return new \WP_REST_Response(
			array(
				'attachment_id'  => (int) $row->id,
				'url'            => Attachments::url( (int) $row->id ),
				'filename'       => $row->original_name,
				'size'           => (int) $row->file_size,
				'mime_type'      => $row->mime_type,
				'created_at'     => $row->created_at,
				'created_at_gmt' => Clock::iso( $row->created_at ),
			),
			201
		);
	}

	/**
	 * Finds a file for its uploader or a participant of its thread; serve() sends it.
	 *
	 * @param \WP_REST_Request $request The call.
	 * @param Caller           $caller  Who asks.
	 * @throws Refusal When there is none for them.
	 */
	public static function download( \WP_REST_Request $request, Caller $caller ): \WP_REST_Response {
		$row  = Attachments::find( (int) $request['attachment_id'] );
		$user = $caller->user();
		$gone = new Refusal( 'attachment_not_found', __( 'Attachment not found.', 'chatpulse' ), 404 );
		if ( ! $row ) {
			throw $gone;
		}
		if ( (int) $row->uploader_id !== $user ) {
			if ( null === $row->thread_id ) {
				throw $gone;
			}
			Threads::role( (int) $row->thread_id, $user );
		}
		$path = Attachments::path( $row->file_path ) ?? throw $gone;

		$shown    = in_array( $row->mime_type, self::SHOWN, true );
		$response = new \WP_REST_Response( null );
		$response->header( 'Content-Type', preg_match( '~^[a-z]+/[a-z0-9.+-]+$~Di', $row->mime_type ) ? $row->mime_type : 'application/octet-stream' );
		$response->header( 'Content-Length', (string) filesize( $path ) );
		$response->header( 'Last-Modified', gmdate( 'D, d M Y H:i:s', (int) strtotime( (string) Clock::iso( $row->created_at ) ) ) . ' GMT' );
		$response->header( 'Content-Disposition', ( $shown ? 'inline' : 'attachment' ) . "; filename*=UTF-8''" . rawurlencode( $row->original_name ) );
		$response->header( 'X-Content-Type-Options', 'nosniff' );
		$response->header( 'Content-Security-Policy', "default-src 'none'; sandbox" );
		$response->header( 'Cache-Control', 'private, max-age=3600' );
		$response->header( 'X-Chatpulse-File', (string) (int) $row->id );
		return $response;
	}

	/**
	 * Sends the file that download() found in place of JSON.
	 *
	 * @param bool              $served   Whether the call was answered already.
	 * @param \WP_HTTP_Response $response The answer.
	 */
	public static function serve( $served, $response ): bool {
		$id = $response->get_headers()['X-Chatpulse-File'] ?? null;
		if ( $served || null === $id ) {
			return (bool) $served;
		}
		// Newer versions of WordPress would put headers for JSON in place of the file's after this.
		add_filter( 'rest_send_nocache_headers', '__return_false' );
		$row  = Attachments::find( (int) $id );
		$path = $row ? Attachments::path( $row->file_path ) : null;
		if ( null !== $path ) {
			// phpcs:ignore WordPress.WP.AlternativeFunctions.file_system_operations_readfile -- as large as it may be, and never in memory.
			readfile( $path );
		}
		return true;
	}
}
